package conformance

// clientChecks are filled in below.
var clientChecks = []Check{}
