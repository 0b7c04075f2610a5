//go:build race

package conformance

const racing = true
