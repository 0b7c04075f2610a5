package conformance

// refreshChecks are filled in below.
var refreshChecks = []Check{}
