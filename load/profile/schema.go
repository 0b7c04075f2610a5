package profile

import "github.com/dfcheck/dfcheck/spec/keys"

// SchemaURL is where editors find the JSON Schema of profiles. Keys stay valid, so
// that the newest schema knows those of every version.
const SchemaURL = "https://raw.githubusercontent.com/dfcheck/dfcheck/main/load/profile/profile.schema.json"

// Schema is the JSON Schema of profiles, by which editors complete them.
func Schema() []byte {
	return keys.Document{ID: SchemaURL, Title: "dfcheck load profile",
		About: "A crowd of devices for dfcheck load. Every key is optional."}.Schema(Profile{})
}

// Keys lists the keys of profiles.
func Keys() []keys.Key { return keys.Of(Profile{}) }
