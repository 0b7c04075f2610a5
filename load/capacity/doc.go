// Package capacity searches for the number of devices that a server supports within its
// objectives, by runs of package load with crowds of different sizes.
//
//   - capacity.go: measurements and the answer;
//   - breakpoint.go: what is believed of the answer, and which crowd to measure next.
//     It does no input or output.
package capacity
