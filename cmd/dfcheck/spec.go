package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
)

func newSpec(t terminal) *cobra.Command {
	var hints spec.OperationHints
	to := "text"
	c := &cobra.Command{
		Use: "spec FILE", Short: "Show what dfcheck takes from an OpenAPI document", Args: cobra.ExactArgs(1),
		Long: `Reads an OpenAPI 3.x or Swagger 2.0 document, or a built-in contract by its name, and
shows what a server would be checked against: the two operations of the device
flow, what they take and answer, and what was made of the rest. Nothing is sent.

Exit codes: 0 both operations are there, 2 they were not found (the candidates
are listed), or the document cannot be read.`,
		Example: `  dfcheck spec openapi.yaml
  dfcheck spec openapi.yaml --token-endpoint exchangeToken
  dfcheck spec openapi.yaml --path tenant=acme --to json
  dfcheck spec rfc8628`,
		RunE: func(_ *cobra.Command, args []string) error {
			contract, err := spec.OpenContract(args[0], hints)
			if err != nil {
				hint := ""
				if _, ok := errors.AsType[spec.OperationError](err); ok {
					hint = "--device-authorization-endpoint and --token-endpoint take a path or an operationId, " +
						"--path the value of a parameter"
				}
				return usage(err, hint)
			}
			return describe(t, contract.Describe(), to)
		},
	}
	fs := c.Flags()
	fs.StringVar(&hints.Start, "device-authorization-endpoint", "", "path or operationId of device authorization")
	fs.StringVar(&hints.Token, "token-endpoint", "", "path or operationId of the token request")
	fs.StringToStringVar(&hints.Path, "path", nil, "value of a parameter in the paths: NAME=VALUE, repeatable")
	fs.StringVar(&to, "to", to, "text or json")
	return c
}

func describe(t terminal, d spec.Description, to string) error {
	switch to {
	case "json":
		e := json.NewEncoder(t.out)
		e.SetIndent("", "  ")
		return e.Encode(d)
	case "text":
		for _, line := range append([]string{d.Heading()}, d.Lines()...) {
			if _, err := fmt.Fprintln(t.out, approve.Clean(line)); err != nil {
				return err
			}
		}
		return nil
	}
	return usage(fmt.Errorf("--to is %q; it takes text or json", to), "")
}
