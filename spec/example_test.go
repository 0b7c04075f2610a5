package spec_test

import (
	"fmt"

	"github.com/dfcheck/dfcheck/spec"
)

func ExampleLookup() {
	r, err := spec.Lookup("authz-009")
	fmt.Println(r.ID, r.Level, r.Title, err)
	_, err = spec.Lookup("DF-AUTHZ-09")
	fmt.Println(err)
	// Output:
	// DF-AUTHZ-009 MUST interval is a sane positive number, and its absence means five seconds <nil>
	// unknown check "DF-AUTHZ-09"; the nearest is "DF-AUTHZ-009"
}

func ExampleOperation_CheckResponse() {
	contract, err := spec.BuiltinContract("documented-v1")
	if err != nil {
		fmt.Println(err)
		return
	}
	body := `{"device_code": "d", "user_code": "u", "verification_uri": "https://a.example/", "expires_in": "1800"}`
	for _, deviation := range contract.Start.CheckResponse(200, "application/json", []byte(body)) {
		fmt.Println(deviation)
	}
	// Output:
	// expected /expires_in to be of type integer, got a string
	// expected /interval to be there, got no such member
}

func ExampleOperation_Negatives() {
	contract, err := spec.BuiltinContract("documented-v2")
	if err != nil {
		fmt.Println(err)
		return
	}
	valid := spec.Params{{Name: "client_id", Value: "tv-app"}, {Name: "device_os", Value: "linux"},
		{Name: "device_type", Value: "tv"}}
	for _, negative := range contract.Start.Negatives()[:2] {
		_, body := negative.Apply(valid)
		fmt.Printf("%s %s: %s\n", negative.Check, negative, body)
	}
	// Output:
	// DF-AUTHZ-011 client_id missing (form): device_os=linux&device_type=tv
	// DF-AUTHZ-014 device_os missing (form): client_id=tv-app&device_type=tv
}
