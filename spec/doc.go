// Package spec is the ground floor: what the standards and the documented API
// say. It holds the requirement catalogue, the OpenAPI documents with the
// contracts made from them, and the wire types. It opens no connection and
// starts no goroutine.
//
// A map:
//
//   - wire.go, encoding.go, response.go: the device flow on the wire, read past deviations;
//   - catalogue.go, ruling.go: requirements, what was decided about them, and conventions;
//   - sentence.go: what the standards ask of a server, and which checks hold it to that;
//   - mitigation.go: what RFC 10027 describes against phishing, and by which checks it shows;
//   - tree.go, node.go, document.go, swagger.go, mistakes.go: OpenAPI documents as they are, mistakes included;
//   - candidate.go, locate.go, unusual.go, path.go: which of their operations are those of the device flow;
//   - contract.go, operation.go, schema.go, describe.go: the contract that is made of the two;
//   - request.go, offer.go, sample.go, confidential.go: what a device sends, of the document's
//     values or made up;
//   - negative.go: requests that a document gives the server no reason to accept;
//   - answer.go, gathering.go, scan.go, visit.go, validate.go, deviation.go: answers held against a document.
package spec
