package approve

// ReferencePage is the form recipe for the reference server's own page and its
// default users.
func ReferencePage() Config {
	return Config{
		Kind:       "form",
		User:       map[string]string{"username": "alice", "password": "password"},
		SecondUser: map[string]string{"username": "bob", "password": "password"},
		Steps: []Step{
			{Open: "{host}/device"},
			{Fill: Fields{{"username", "{username}"}, {"password", "{password}"}}, Press: "Sign in"},
			{Fill: Fields{{"user_code", "{user_code}"}}, Press: "Continue"},
		},
		Approve: Action{Steps: []Step{{Press: "Approve", Expect: "The device is connected"}}},
		Deny:    Action{Steps: []Step{{Press: "Deny", Expect: "The device was refused"}}},
	}
}
