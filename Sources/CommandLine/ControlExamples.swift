/// A pod for each control of the Pod Security Standards that fails it; a test holds them to that.
enum ControlExamples {
  static func manifest(_ control: String) -> String? {
    guard let fields = fields[control] else { return nil }
    let spec = fields.spec.isEmpty ? "" : "\n" + indented(fields.spec, 2)
    let container = fields.container.isEmpty ? "" : "\n" + indented(fields.container, 4)
    return """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: shop
      spec:\(spec)
        containers:
        - name: app
          image: example.com/app:1\(container)
      """
  }

  private static func indented(_ text: String, _ columns: Int) -> String {
    let blanks = String(repeating: " ", count: columns)
    return text.split(separator: "\n").map { blanks + $0 }.joined(separator: "\n")
  }

  /// Lines below `spec` and below the container.
  private static let fields: [String: (spec: String, container: String)] = [
    "appArmorProfile": ("", "securityContext:\n  appArmorProfile:\n    type: Unconfined"),
    "capabilities_baseline": ("", "securityContext:\n  capabilities:\n    add: [SYS_ADMIN]"),
    "hostNamespaces": ("hostPID: true", ""),
    "hostPathVolumes": ("volumes:\n- name: host\n  hostPath:\n    path: /etc", ""),
    "hostPorts": ("", "ports:\n- containerPort: 8080\n  hostPort: 80"),
    "hostProbesAndHostLifecycle": ("", "livenessProbe:\n  httpGet:\n    host: 10.0.0.1\n    port: 80"),
    "privileged": ("", "securityContext:\n  privileged: true"),
    "procMount": ("", "securityContext:\n  procMount: Unmasked"),
    "seLinuxOptions": ("", "securityContext:\n  seLinuxOptions:\n    type: spc_t"),
    "seccompProfile_baseline": ("", "securityContext:\n  seccompProfile:\n    type: Unconfined"),
    "sysctls": ("securityContext:\n  sysctls:\n  - name: kernel.msgmax\n    value: \"65536\"", ""),
    "windowsHostProcess": ("", "securityContext:\n  windowsOptions:\n    hostProcess: true"),
    "allowPrivilegeEscalation": ("", "securityContext:\n  allowPrivilegeEscalation: true"),
    "capabilities_restricted": ("", ""),
    "procMount_restricted": ("hostUsers: false", "securityContext:\n  procMount: Unmasked"),
    "restrictedVolumes": ("volumes:\n- name: disk\n  nfs:\n    server: files.example.com\n    path: /data", ""),
    "runAsNonRoot": ("", ""),
    "runAsUser": ("", "securityContext:\n  runAsUser: 0"),
    "seccompProfile_restricted": ("", ""),
  ]
}
