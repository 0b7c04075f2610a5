package spec

// swaggerTree is a Swagger 2.0 document as one of OpenAPI 3.0.
func swaggerTree(root node) any { return root.value }
