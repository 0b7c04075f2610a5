package conformance

// userCodeChecks are filled in below.
var userCodeChecks = []Check{}
