// Package redact keeps secrets out of what dfcheck writes. A Redactor knows the
// secrets of a run and puts a pseudonym in the place of each, by the structure
// of what they stand in; then it reads what is about to be written, and refuses
// what still holds one.
//
// Where nothing but a secret may stand (a member device_code, a field access_token, a
// cookie, Basic credentials), it is replaced whatever it is. Elsewhere it is
// looked for, under every way of writing it: the escapes of JSON, URLs, HTML and
// shell words are undone layer by layer, and the secret is searched in each.
// Three kinds of secrets are replaced in their places alone, because a search
// would find them everywhere: those of fewer than 8 bytes, those that a report
// shows on purpose (the secret of a client equal to its id), and, for secrets
// that people choose, words in a longer word.
//
// A map:
//
//   - redactor.go: secrets and their pseudonyms;
//   - body.go, header.go: replacing by structure;
//   - view.go, find.go: texts with their escapes undone, and the search in them;
//   - guard.go: refusing what still holds a secret.
package redact
