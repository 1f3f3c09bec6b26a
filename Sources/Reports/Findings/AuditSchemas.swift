/// JSON Schemas of the documents that other programs read and that people write.
package enum AuditSchemas {
  /// Of `audit -o json`.
  package static let audit = #"""
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "$id": "urn:bulkhead:audit:1",
      "title": "bulkhead audit -o json",
      "type": "object",
      "required": ["schema", "findings", "podSecurity", "rules", "summary"],
      "properties": {
        "schema": {"const": "bulkhead.audit/1"},
        "findings": {"type": "array", "items": {"$ref": "#/$defs/finding"}},
        "suppressed": {"type": "array", "items": {"allOf": [{"$ref": "#/$defs/finding"}, {"required": ["exception"]}]}},
        "fixed": {"type": "array", "items": {"$ref": "#/$defs/known"}},
        "podSecurity": {"type": "array", "items": {
          "type": "object", "required": ["resource", "level", "violations"],
          "properties": {
            "resource": {"$ref": "#/$defs/resource"},
            "level": {"enum": ["privileged", "baseline", "restricted"]},
            "violations": {"type": "array", "items": {
              "type": "object", "required": ["control", "level"],
              "properties": {
                "control": {"type": "string"}, "level": {"enum": ["baseline", "restricted"]},
                "containers": {"type": "array", "items": {"type": "string"}}}}}}}},
        "unknown": {"type": "array", "items": {
          "type": "object", "required": ["code", "resource", "because"],
          "properties": {
            "code": {"type": "string"}, "resource": {"$ref": "#/$defs/resource"}, "because": {"type": "string"}}}},
        "rules": {"type": "array", "items": {
          "type": "object",
          "required": ["code", "title", "severity", "explanation", "mitigation", "attack", "references"],
          "properties": {
            "code": {"type": "string"}, "title": {"type": "string"}, "severity": {"$ref": "#/$defs/severity"},
            "explanation": {"type": "string"}, "mitigation": {"type": "string"},
            "attack": {"type": "array", "items": {"type": "string"}},
            "references": {"type": "array", "items": {"type": "string"}}}}},
        "summary": {
          "type": "object", "required": ["findings", "podSecurity", "unknown"],
          "properties": {
            "findings": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
            "podSecurity": {"type": "object"},
            "unknown": {"type": "array", "items": {
              "type": "object", "required": ["code", "title", "count", "because", "resources"],
              "properties": {
                "code": {"type": "string"}, "title": {"type": "string"}, "count": {"type": "integer", "minimum": 1},
                "because": {"type": "string"}, "resources": {"type": "array", "items": {"type": "string"}}}}}}}
      },
      "$defs": {
        "severity": {"enum": ["critical", "high", "medium", "low", "info"]},
        "resource": {
          "type": "object", "required": ["kind", "namespace", "name"],
          "properties": {
            "kind": {"type": "string"}, "namespace": {"type": "string"}, "name": {"type": "string"},
            "container": {"type": "string"}}},
        "known": {
          "type": "object", "required": ["code", "title", "severity", "resource", "message", "fingerprint"],
          "properties": {
            "code": {"type": "string"}, "title": {"type": "string"}, "severity": {"$ref": "#/$defs/severity"},
            "resource": {"$ref": "#/$defs/resource"}, "message": {"type": "string"},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}},
        "finding": {
          "allOf": [{"$ref": "#/$defs/known"}],
          "type": "object", "required": ["fix", "attack"],
          "properties": {
            "fix": {"type": "string"},
            "location": {
              "type": "object", "required": ["file", "line"],
              "properties": {"file": {"type": "string"}, "line": {"type": "integer", "minimum": 0}}},
            "attack": {"type": "array", "items": {"type": "string"}},
            "baseline": {"enum": ["new", "known"]},
            "exception": {
              "type": "object", "required": ["owner", "reason", "expires"],
              "properties": {
                "owner": {"type": "string"}, "reason": {"type": "string"},
                "expires": {"type": "string", "format": "date"}}}}}
      }
    }

    """#

  /// Of a file of exceptions.
  package static let exceptions = #"""
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "$id": "urn:bulkhead:exceptions:v1alpha1",
      "title": "Exceptions of bulkhead audit",
      "type": "object",
      "required": ["apiVersion", "kind", "spec"],
      "properties": {
        "apiVersion": {"const": "bulkhead.dev/v1alpha1"},
        "kind": {"const": "Exceptions"},
        "metadata": {"type": "object"},
        "spec": {
          "type": "object", "required": ["exceptions"], "additionalProperties": false,
          "properties": {
            "exceptions": {"type": "array", "maxItems": 5000, "items": {
              "type": "object", "required": ["code", "resource", "owner", "reason", "expires"],
              "additionalProperties": false,
              "properties": {
                "code": {"type": "string", "description": "a code, or a glob such as M*"},
                "resource": {"type": "string", "pattern": "/",
                  "description": "a glob over namespace/name[Kind]; without [Kind] every kind is meant"},
                "container": {"type": "string", "description": "a glob over the container's name"},
                "owner": {"type": "string", "minLength": 1},
                "reason": {"type": "string", "minLength": 1},
                "expires": {"type": "string", "format": "date", "description": "the last day on which it holds"}}}}}}
      }
    }

    """#
}
