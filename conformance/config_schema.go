package conformance

import "github.com/dfcheck/dfcheck/spec/keys"

// ConfigSchemaURL is where editors find the JSON Schema of dfcheck.yaml. Keys stay
// valid, so that the newest schema knows those of every version.
const ConfigSchemaURL = "https://raw.githubusercontent.com/dfcheck/dfcheck/main/conformance/config.schema.json"

// ConfigSchema is the JSON Schema of dfcheck.yaml, by which editors complete it.
func ConfigSchema() []byte {
	return keys.Document{ID: ConfigSchemaURL, Title: "dfcheck.yaml", Variables: true,
		About: "What is known of a device-flow server before dfcheck checks it. Every key is optional."}.Schema(Config{})
}

// ConfigKeys lists the keys of dfcheck.yaml.
func ConfigKeys() []keys.Key { return keys.Of(Config{}) }
