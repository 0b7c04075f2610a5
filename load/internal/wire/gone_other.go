//go:build !unix

package wire

func gone(*conn) bool { return false }
