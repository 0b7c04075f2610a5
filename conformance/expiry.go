package conformance

// expiryChecks are filled in below.
var expiryChecks = []Check{}
