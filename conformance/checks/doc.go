// Package checks holds the requirements of the catalogue, made decidable: for each
// area a file or some, with the scenarios that provoke what a check is about beside
// the judges that look at it.
//
//	discovery       where the endpoints are, and what metadata says of them
//	authorization   the device authorization request and response
//	usercode        the code that a person types, and the page it is typed into
//	polling         the token endpoint before the decision
//	token           what comes of an approval
//	denial, expiry  the other ends of a flow; reuse, what comes after any of them
//	client          who may use a code
//	contenttype     the encodings of both requests
//	errors          error responses; document, all answers against the OpenAPI document
//	http            the transport
//	security        guessable secrets, forgeries, floods
//	consent         what a person is told and asked before a decision
//	concurrency     requests that meet; refresh, what refresh tokens are good for
//	revocation      tokens that their device gives back; idtoken, who it is that approved;
//	                dpop, tokens bound to a key of the device
//	assertion       clients that authenticate by signed assertions, right and wrong ones;
//	                certificate, by one that they show, and tokens that are bound to it
//
// The words that scenarios and judges are written in are those of the engine,
// package conformance, which the files import with a dot. No area uses another's
// helpers; what several need of one's scenarios is in shared.go.
package checks
