// Package pipes is a network in memory, and what one can hear on it. Its connections are
// pipes, so that a whole run fits into a bubble of testing/synctest, where minutes take
// as long as the work in them. Tests use it, nothing else.
//
// A map:
//
//   - pipes.go: the network;
//   - tap.go: what a server gives out, and whether it stands in a text.
package pipes
