package strict_test

import (
	"fmt"

	"github.com/dfcheck/dfcheck/spec/strict"
)

func ExampleDecode() {
	var config struct {
		Host  string `yaml:"host"`
		Scope string `yaml:"scope"`
	}
	lookup := func(name string) (string, bool) { return "https://auth.example.com", name == "HOST" }
	err := strict.Decode([]byte("host: ${HOST}\nscope: openid\n"), "dfcheck.yaml", &config, strict.ExpandEnv(lookup))
	fmt.Println(config, err)

	err = strict.Decode([]byte("host: ${HOTS}\nscpoe: openid\n"), "dfcheck.yaml", &config, strict.ExpandEnv(lookup))
	fmt.Println(err)
	// Output:
	// {https://auth.example.com openid} <nil>
	// dfcheck.yaml:1: environment variable "HOTS" is not set
	// dfcheck.yaml:2: unknown key "scpoe"; the nearest known key is "scope"
}
