//go:build !unix

package load

func gone(*conn) bool { return false }
