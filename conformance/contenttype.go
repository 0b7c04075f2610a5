package conformance

// contentTypeChecks are filled in below.
var contentTypeChecks = []Check{}
