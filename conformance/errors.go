package conformance

// errorChecks are filled in below.
var errorChecks = []Check{}
