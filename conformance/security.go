package conformance

// securityChecks are filled in below.
var securityChecks = []Check{}
