"""Checks that correspond, as sets of ids: ours fails where any of the peer's does. docs/checks.md has the same table.

Ours are controls of the Pod Security Standards (`podSecurity[].violations[].control`) or codes of findings.
"""
# ours: (trivy, checkov)
MAPPING = {
    "privileged": ({"KSV017"}, {"CKV_K8S_16"}),
    "hostNamespaces": ({"KSV008", "KSV009", "KSV010"}, {"CKV_K8S_17", "CKV_K8S_18", "CKV_K8S_19"}),
    "hostPathVolumes": ({"KSV023"}, set()),
    "hostPorts": ({"KSV024"}, {"CKV_K8S_26"}),
    "capabilities_restricted": ({"KSV106"}, set()),
    "allowPrivilegeEscalation": ({"KSV001"}, {"CKV_K8S_20"}),
    "runAsNonRoot": ({"KSV012"}, set()),
    "runAsUser": ({"KSV105"}, set()),
    "seccompProfile_restricted": ({"KSV030"}, {"CKV_K8S_31"}),
    "restrictedVolumes": ({"KSV023", "KSV028"}, set()),
    "procMount": ({"KSV027"}, set()),
    "sysctls": ({"KSV026"}, set()),
    "seLinuxOptions": ({"KSV025"}, set()),
    "L55": ({"KSV018"}, {"CKV_K8S_13"}),
}
