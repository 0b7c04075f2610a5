// Package traits measures device codes, tokens and client secrets while they are at
// hand. What it returns is all that is kept of them, and never the thing itself.
//
// A map:
//
//   - secret.go: one secret: its length, alphabet and grammar, what a JWT says, and what
//     a user code has to do with its device code;
//   - pool.go: many of a kind side by side: how much in them was chosen, whether they
//     rise steadily;
//   - idtoken.go: an ID token, read with the keys of its server.
package traits
