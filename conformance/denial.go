package conformance

// denialChecks are filled in below.
var denialChecks = []Check{}
