package scrape

// figure of a server, and the families in which servers of several kinds show it.
type figure struct {
	name     string
	families []string
	rate     bool // it is how fast a counter grows
}

// known figures, in the order in which they are looked for.
var known = []figure{
	{name: "memory", families: []string{"process_resident_memory_bytes", "process_working_set_bytes",
		"dotnet_process_memory_working_set_bytes", "jvm_memory_used_bytes", "jvm_memory_bytes_used"}},
	{name: "processors", rate: true, families: []string{"process_cpu_seconds_total",
		"dotnet_process_cpu_time_seconds_total"}},
	{name: "goroutines", families: []string{"go_goroutines"}},
	{name: "threads", families: []string{"process_threads", "process_num_threads", "jvm_threads_live_threads",
		"jvm_threads_current", "go_threads"}},
	{name: "open files", families: []string{"process_open_fds", "process_files_open_files", "process_open_handles"}},
	{name: "connections", families: []string{"tomcat_connections_current_connections",
		"jetty_connections_current_connections", "kestrel_active_connections", "nginx_connections_active",
		"nodejs_active_handles_total", "go_sql_open_connections", "hikaricp_connections_active"}},
}
