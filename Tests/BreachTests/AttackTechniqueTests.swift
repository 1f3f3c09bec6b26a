import Breach
import Testing

/// The techniques that vectors name, as MITRE ATT&CK for Enterprise v18.1 (November 2025) has them: neither revoked nor
/// deprecated, and for the platforms Containers, Linux or IaaS. An id that is not here has not been looked up.
@Suite struct AttackTechniqueTests {
  static let names = [
    "T1003.007": "Proc Filesystem",
    "T1014": "Rootkit",
    "T1021": "Remote Services",
    "T1040": "Network Sniffing",
    "T1041": "Exfiltration Over C2 Channel",
    "T1046": "Network Service Discovery",
    "T1048": "Exfiltration Over Alternative Protocol",
    "T1053.003": "Cron",
    "T1053.007": "Container Orchestration Job",
    "T1055.008": "Ptrace System Calls",
    "T1068": "Exploitation for Privilege Escalation",
    "T1078": "Valid Accounts",
    "T1078.001": "Default Accounts",
    "T1078.004": "Cloud Accounts",
    "T1082": "System Information Discovery",
    "T1095": "Non-Application Layer Protocol",
    "T1098.004": "SSH Authorized Keys",
    "T1098.006": "Additional Container Cluster Roles",
    "T1133": "External Remote Services",
    "T1190": "Exploit Public-Facing Application",
    "T1195.002": "Compromise Software Supply Chain",
    "T1210": "Exploitation of Remote Services",
    "T1489": "Service Stop",
    "T1496": "Resource Hijacking",
    "T1499": "Endpoint Denial of Service",
    "T1525": "Implant Internal Image",
    "T1528": "Steal Application Access Token",
    "T1529": "System Shutdown/Reboot",
    "T1543.005": "Container Service",
    "T1546": "Event Triggered Execution",
    "T1547.006": "Kernel Modules and Extensions",
    "T1548.001": "Setuid and Setgid",
    "T1550": "Use Alternate Authentication Material",
    "T1550.001": "Application Access Token",
    "T1552": "Unsecured Credentials",
    "T1552.001": "Credentials In Files",
    "T1552.004": "Private Keys",
    "T1552.005": "Cloud Instance Metadata API",
    "T1552.007": "Container API",
    "T1557": "Adversary-in-the-Middle",
    "T1557.002": "ARP Cache Poisoning",
    "T1562.001": "Disable or Modify Tools",
    "T1562.004": "Disable or Modify System Firewall",
    "T1565": "Data Manipulation",
    "T1574.006": "Dynamic Linker Hijacking",
    "T1609": "Container Administration Command",
    "T1610": "Deploy Container",
    "T1611": "Escape to Host",
    "T1612": "Build Image on Host",
    "T1613": "Container and Resource Discovery",
    "T1649": "Steal or Forge Authentication Certificates",
  ]

  @Test func everyTechniqueWasLookedUp() {
    for vector in VectorCatalogue.all {
      #expect(!vector.attack.isEmpty, "\(vector.code)")
      #expect(Set(vector.attack).count == vector.attack.count, "\(vector.code)")
      for id in vector.attack { #expect(Self.names[id] != nil, "\(vector.code) \(id)") }
    }
  }

  @Test func noTechniqueIsListedInVain() {
    #expect(Set(VectorCatalogue.all.flatMap(\.attack)) == Set(Self.names.keys))
  }
}
