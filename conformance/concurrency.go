package conformance

// concurrencyChecks are filled in below.
var concurrencyChecks = []Check{}
