//go:build !unix

package wire

func peerClosed(*conn) bool { return false }
