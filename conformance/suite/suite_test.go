package suite_test

import (
	"os"
	"testing"

	_ "github.com/onsi/ginkgo/v2" // by which the ginkgo command knows that there is a suite

	"github.com/dfcheck/dfcheck/conformance/suite"
)

// TestConformance checks the server of the configuration that DFCHECK_CONFIG names,
// the embedded reference server without it: the suite that the ginkgo command runs.
func TestConformance(t *testing.T) {
	if file, set := os.LookupEnv("DFCHECK_CONFIG"); set {
		suite.Run(t, file)
		return
	}
	suite.Options{}.Run(t)
}
