package metrics

import _ "embed"

// Dashboard is a dashboard of these metrics for Grafana, as JSON.
//
//go:embed dashboard.json
var Dashboard []byte
