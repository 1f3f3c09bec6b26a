"""Online Boutique copied many times, each copy perturbed by a seeded generator, so that no two objects are alike."""
import pathlib
import random
import re
import sys

NAMES = ("frontend", "adservice", "currencyservice", "cartservice", "redis-cart", "loadgenerator",
         "recommendationservice", "checkoutservice", "paymentservice", "emailservice", "shippingservice",
         "productcatalogservice", "shoppingassistantservice")
NAME = re.compile(r"(?<![\w-])(" + "|".join(NAMES) + r")\b")
IMAGE = re.compile(r"^(\s*(?:- )?image: )([^:@\s]+)(?::([^@\s]+))?(?:@\S+)?$", re.M)


def add_after(text, pattern, line, all_places=False):
    """Adds a line after the first that matches (or each), with its indentation."""
    def extended(match):
        return f"{match.group(0)}\n{match.group(1)}{line}"
    return re.sub(r"^(\s*)" + pattern + r"$", extended, text, count=0 if all_places else 1, flags=re.M)


def drop(text, pattern):
    return re.sub(r"^\s*" + pattern + r"\n", "", text, count=1, flags=re.M)


def add_capability(text, name):
    """To the first container, and once: a key may not stand twice in a mapping."""
    if "add: [" in text:
        return text
    return re.sub(r"^(\s*)drop:$", rf"\1add: [{name}]\n\1drop:", text, count=1, flags=re.M)


# Each takes a Deployment's text and gives another: what a team may have written, good and bad.
CHANGES = [
    (0.05, lambda text: text.replace("privileged: false", "privileged: true", 1)),
    (0.06, lambda text: drop(text, "allowPrivilegeEscalation: false")),
    (0.04, lambda text: text.replace("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", 1)),
    (0.05, lambda text: text.replace("- ALL", "- NET_RAW", 1)),
    (0.05, lambda text: add_capability(text, "NET_ADMIN")),
    (0.05, lambda text: add_capability(text, "NET_BIND_SERVICE")),
    (0.02, lambda text: add_capability(text, "SYS_ADMIN")),
    (0.10, lambda text: text.replace("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", 1)),
    (0.06, lambda text: drop(text, "runAsNonRoot: true")),
    (0.03, lambda text: text.replace("runAsNonRoot: true", "runAsNonRoot: false", 1)),
    (0.03, lambda text: text.replace("runAsUser: 1000", "runAsUser: 0", 1)),
    (0.30, lambda text: add_after(text, "fsGroup: 1000", "seccompProfile: {type: RuntimeDefault}")),
    (0.10, lambda text: add_after(text, "privileged: (?:false|true)", "seccompProfile: {type: RuntimeDefault}")),
    (0.03, lambda text: add_after(text, "privileged: (?:false|true)", "procMount: Unmasked")),
    (0.03, lambda text: add_after(text, "privileged: (?:false|true)", "seLinuxOptions: {type: super_t}")),
    (0.03, lambda text: add_after(text, "fsGroup: 1000", "sysctls: [{name: kernel.msgmax, value: '65536'}]")),
    (0.04, lambda text: add_after(text, r"serviceAccountName: \S+", "hostNetwork: true")),
    (0.03, lambda text: add_after(text, r"serviceAccountName: \S+", "hostPID: true")),
    (0.03, lambda text: add_after(text, r"serviceAccountName: \S+", "hostIPC: true")),
    (0.10, lambda text: add_after(text, r"serviceAccountName: \S+", "automountServiceAccountToken: false")),
    (0.05, lambda text: text if "volumes:" in text else add_after(
        text, r"serviceAccountName: \S+", "volumes: [{name: node, hostPath: {path: /var/log/app}}]")),
    (0.04, lambda text: re.sub(
        r"^(\s*)- containerPort: (\d+)$", r"\1- containerPort: \2\n\1  hostPort: \2", text, count=1, flags=re.M)),
    (0.10, lambda text: re.sub(r"(limits:\n(?:\s+cpu: \S+\n)?)\s+memory: \S+\n?", r"\1", text, count=1)),
]


def perturbed(text, copy, rng):
    """One document of one copy."""
    text = IMAGE.sub(lambda match: f"{match[1]}{match[2]}:v{copy}.{rng.randrange(100)}.{rng.randrange(100)}", text)
    lines = [line if " image:" in line else NAME.sub(rf"\1-{copy:02d}", line) for line in text.split("\n")]
    text = "\n".join(lines)
    text = re.sub(r"\b(\d+)(m|Mi)\b", lambda match: f"{int(match[1]) + rng.randrange(40)}{match[2]}", text)
    text = re.sub(
        r"(DelaySeconds|periodSeconds): (\d+)", lambda match: f"{match[1]}: {int(match[2]) + rng.randrange(9)}", text)
    text = re.sub(r"^(  labels:)$", rf"\1\n    copy: c{copy}-{rng.randrange(10**6)}", text, count=1, flags=re.M)
    if "\nkind: Deployment\n" not in text:
        return re.sub(r"^(metadata:)$", rf"\1\n  annotations: {{example.com/revision: r{rng.randrange(10**6)}}}", text,
                      count=1, flags=re.M)
    revision = rf'\1env:\n\1- name: REVISION\n\1  value: "r{rng.randrange(10**9)}"'
    text = re.sub(r"^(\s*)env:$", revision, text, flags=re.M)
    for share, change in CHANGES:
        if rng.random() < share:
            text = change(text)
    return text


def generate(manifests, folder, copies=90, seed=7):
    """Writes one.yaml and many/NN.yaml below the folder; returns how many Deployments and bytes."""
    documents = re.split(r"^---\n", manifests.read_text(), flags=re.M)
    documents = [re.sub(r"^#.*\n", "", document, flags=re.M) for document in documents]
    documents = [document for document in documents if "\nkind: " in document]
    rng = random.Random(seed)
    many = folder / "many"
    many.mkdir(parents=True, exist_ok=True)
    (folder / "one").mkdir(exist_ok=True)
    parts = []
    for copy in range(copies):
        part = "".join("---\n" + perturbed(document, copy, rng).strip("\n") + "\n" for document in documents)
        (many / f"{copy:03d}.yaml").write_text(part)
        parts.append(part)
    whole = "".join(parts)
    (folder / "one/all.yaml").write_text(whole)
    texts = re.split(r"^---\n", whole, flags=re.M)[1:]
    assert len(set(texts)) == len(texts), "two objects are alike"
    return whole.count("\nkind: Deployment\n"), len(whole)


if __name__ == "__main__":
    print(*generate(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int((sys.argv + ["90"])[3])))
