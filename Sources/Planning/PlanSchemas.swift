/// JSON Schemas (draft 2020-12) of the files that people keep in git.
package enum PlanSchemas {
  package static let requirements = #"""
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "$id": "urn:bulkhead:requirements:v1alpha1",
      "title": "Requirements of a rollout",
      "type": "object",
      "required": ["apiVersion", "kind", "spec"],
      "additionalProperties": false,
      "properties": {
        "apiVersion": {"const": "bulkhead.dev/v1alpha1"},
        "kind": {"const": "Requirements"},
        "metadata": {"type": "object"},
        "spec": {
          "type": "object", "additionalProperties": false,
          "properties": {
            "mesh": {"enum": ["istioSidecar", "istioAmbient", "linkerd", "consul", "envoy"]},
            "features": {"type": "array", "items": {
              "enum": ["hardening", "authorisation", "strictMutualTLS", "isolation"]}},
            "compliance": {"enum": ["privileged", "baseline", "restricted"]},
            "disruptionBudgets": {"enum": ["respect", "ignore"]},
            "objectives": {"type": "array", "maxItems": 5000, "items": {
              "type": "object", "required": ["service"], "additionalProperties": false,
              "properties": {
                "service": {"$ref": "#/$defs/name"},
                "availability": {"type": "number", "minimum": 50, "maximum": 99.9999, "description": "percent"},
                "latency": {
                  "type": "object", "additionalProperties": false,
                  "patternProperties": {"^p(50|90|95|99)$": {"$ref": "#/$defs/time"}}}}}},
            "protected": {"$ref": "#/$defs/names"},
            "excluded": {"type": "array", "maxItems": 5000, "items": {
              "type": "object", "required": ["workload", "reason"], "additionalProperties": false,
              "properties": {"workload": {"$ref": "#/$defs/name"}, "reason": {"$ref": "#/$defs/words"}}}},
            "pinned": {"type": "array", "maxItems": 5000, "items": {
              "type": "object", "required": ["workload", "wave"], "additionalProperties": false,
              "properties": {
                "workload": {"$ref": "#/$defs/name"},
                "wave": {"anyOf": [
                  {"enum": ["first", "last"]}, {"type": "integer", "minimum": 1, "maximum": 10000}]}}}},
            "budgets": {
              "type": "object", "additionalProperties": false,
              "properties": {
                "latency": {"$ref": "#/$defs/time"},
                "cpuPerPod": {"type": ["string", "number"], "pattern": "^[0-9.]+m?$"},
                "memoryPerPod": {"type": "string", "pattern": "^[0-9.]+(Ki|Mi|Gi)$"}}},
            "crownJewels": {"$ref": "#/$defs/names"},
            "userGroups": {"type": "array", "maxItems": 5000, "items": {
              "type": "object", "required": ["name", "entersAt"], "additionalProperties": false,
              "properties": {"name": {"$ref": "#/$defs/words"}, "entersAt": {"$ref": "#/$defs/names"}}}},
            "freezes": {"type": "array", "maxItems": 5000, "items": {
              "type": "object", "required": ["from", "reason"], "additionalProperties": false,
              "properties": {
                "from": {"type": "string", "format": "date-time"},
                "to": {"type": "string", "format": "date-time"},
                "reason": {"$ref": "#/$defs/words"},
                "workloads": {"$ref": "#/$defs/names"}}}},
            "gate": {
              "type": "object", "additionalProperties": false,
              "properties": {
                "atDeadline": {"enum": ["hold", "rollBack", "ask"]},
                "deadline": {"type": "string", "pattern": "^[0-9.]+(s|min|h|d)$"},
                "hold": {"type": "string", "pattern": "^[0-9.]+(s|min|h|d)$"}}},
            "waves": {
              "type": "object", "additionalProperties": false,
              "properties": {
                "capacity": {"type": "integer", "minimum": 1, "maximum": 1000000},
                "start": {"type": "string", "format": "date-time"},
                "duration": {"type": "string", "pattern": "^[0-9.]+(s|min|h|d)$"}}}}}
      },
      "$defs": {
        "words": {"type": "string", "minLength": 1, "maxLength": 2000},
        "time": {"type": "string", "pattern": "^[0-9.]+(ms|s)$"},
        "name": {
          "type": "string", "pattern": "^[^/]+/[^/]+$",
          "description": "namespace/name or namespace/name[Kind]; * for any text"},
        "names": {"type": "array", "maxItems": 5000, "items": {"$ref": "#/$defs/name"}}
      }
    }

    """#

  package static let plan = #"""
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "$id": "urn:bulkhead:plan:v1alpha1",
      "title": "Plan of a rollout",
      "type": "object",
      "required": ["apiVersion", "kind", "spec"],
      "additionalProperties": false,
      "properties": {
        "apiVersion": {"const": "bulkhead.dev/v1alpha1"},
        "kind": {"const": "Plan"},
        "metadata": {"type": "object"},
        "spec": {
          "type": "object", "required": ["mesh", "capacity", "fleetDigest", "waves"], "additionalProperties": false,
          "properties": {
            "mesh": {"enum": ["istioSidecar", "istioAmbient", "linkerd", "consul", "envoy"]},
            "cluster": {"type": "string", "minLength": 1},
            "capacity": {"type": "integer", "minimum": 0, "description": "workloads that enter in one wave; 0: any"},
            "fleetDigest": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "gate": {
              "type": "object", "additionalProperties": false,
              "properties": {
                "atDeadline": {"enum": ["hold", "rollBack", "ask"]},
                "deadlineSeconds": {"type": "integer", "minimum": 1, "maximum": 86400},
                "holdSeconds": {"type": "integer", "minimum": 0, "maximum": 604800},
                "tolerance": {"type": "number", "minimum": 0, "maximum": 1}}},
            "protected": {
              "type": "array", "maxItems": 300000, "items": {"$ref": "#/$defs/object"},
              "description": "not killed, limited or sent a spike in trials"},
            "exposure": {
              "type": "object", "required": ["before", "after", "integral", "lowerBound"],
              "additionalProperties": false,
              "properties": {
                "before": {"$ref": "#/$defs/figure"}, "after": {"$ref": "#/$defs/figure"},
                "integral": {"$ref": "#/$defs/figure"}, "lowerBound": {"$ref": "#/$defs/figure"},
                "curve": {"type": "array", "items": {"$ref": "#/$defs/figure"}}}},
            "notes": {"type": "array", "items": {"type": "string"}},
            "waves": {"type": "array", "items": {
              "type": "object", "required": ["name", "steps"], "additionalProperties": false,
              "properties": {
                "name": {"type": "string", "minLength": 1},
                "start": {"type": "string", "format": "date-time"}, "end": {"type": "string", "format": "date-time"},
                "steps": {"type": "array", "items": {
                  "type": "object", "required": ["workload", "action"], "additionalProperties": false,
                  "properties": {"workload": {"$ref": "#/$defs/object"}, "action": {"$ref": "#/$defs/action"}}}}}}},
            "refusals": {"type": "array", "items": {
              "type": "object", "required": ["workload", "action", "reason"], "additionalProperties": false,
              "properties": {
                "workload": {"$ref": "#/$defs/object"}, "action": {"$ref": "#/$defs/action"},
                "reason": {"type": "string"}}}},
            "observedCalls": {
              "type": "array", "description": "calls that only traffic shows", "items": {
                "type": "object", "required": ["caller", "host", "port", "protocol"], "additionalProperties": false,
                "properties": {
                  "caller": {"$ref": "#/$defs/object"}, "service": {"$ref": "#/$defs/object"},
                  "host": {"type": "string"}, "port": {"type": "integer", "minimum": 0, "maximum": 65535},
                  "protocol": {"enum": ["http", "tcp"]},
                  "targets": {"type": "array", "items": {"$ref": "#/$defs/object"}},
                  "seenIn": {"type": "array", "items": {"type": "string"}}}}},
            "objects": {"type": "object", "additionalProperties": {"type": "string"}}}},
        "signature": {
          "type": "object", "required": ["algorithm", "publicKey", "value"], "additionalProperties": false,
          "properties": {
            "algorithm": {"const": "Ed25519"},
            "publicKey": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "value": {"type": "string", "pattern": "^[0-9a-f]{128}$"}}}
      },
      "$defs": {
        "figure": {"type": "number", "minimum": 0},
        "object": {"type": "string", "pattern": "^[^/]*/.+\\[[A-Za-z0-9.]+\\]$"},
        "action": {"enum": [
          "harden", "enrol", "authoriseInShadow", "authorise", "requireMutualTLS", "isolate"]}
      }
    }

    """#
}
