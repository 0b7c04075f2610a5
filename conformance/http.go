package conformance

// httpChecks are filled in below.
var httpChecks = []Check{}
