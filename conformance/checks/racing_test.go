//go:build race

package checks

const racing = true
