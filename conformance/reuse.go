package conformance

// reuseChecks are filled in below.
var reuseChecks = []Check{}
