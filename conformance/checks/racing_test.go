//go:build race

package checks

import . "github.com/dfcheck/dfcheck/conformance"

const racing = true
