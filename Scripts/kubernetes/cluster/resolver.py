"""Keeps the names of services and of pods with a name of their own in step with the API server, for dnsmasq."""
import http.client
import os
import pathlib
import signal
import threading
import time

from . import api, layout

KINDS = {"services": "/api/v1/services", "endpoints": "/api/v1/endpoints"}
HOSTS = pathlib.Path("/run/resolver/hosts")


def names(services, endpoints):
  """Lines of a hosts file: cluster addresses, and for headless services the addresses behind them."""
  found = set()
  headless = set()
  for service in services:
    name = f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc.{layout.DOMAIN}"
    address = service["spec"].get("clusterIP")
    if address == "None":
      headless.add(name)
    elif address:
      found.add((name, address))
  for item in endpoints:
    name = f"{item['metadata']['name']}.{item['metadata']['namespace']}.svc.{layout.DOMAIN}"
    for subset in item.get("subsets") or [] if name in headless else []:
      for address in subset.get("addresses") or []:
        found.add((name, address["ip"]))
        if address.get("hostname"):
          found.add((f"{address['hostname']}.{name}", address["ip"]))
  return "".join(f"{address} {name}\n" for name, address in sorted(found))


def follow(client, kind, state, changed):
  """Lists, then watches, and again for ever."""
  while True:
    try:
      status, listed = client.request("GET", KINDS[kind])
      if status == 200:
        items = {item["metadata"]["uid"]: item for item in listed["items"]}
        state[kind] = items
        changed.set()
        for event in client.watch(KINDS[kind], listed["metadata"]["resourceVersion"]):
          item = event["object"]
          if event["type"] in ("ADDED", "MODIFIED"):
            items[item["metadata"]["uid"]] = item
          elif event["type"] == "DELETED":
            items.pop(item["metadata"]["uid"], None)
          else:
            break  # too old a version, say: list again
          changed.set()
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
      print(f"resolver: {kind}: {error}", flush=True)
    time.sleep(0.2)  # the API server is away or being replaced


def run():
  client = api.Client(layout.INSIDE / "keys", "resolver")
  state, changed = {}, threading.Event()
  for kind in KINDS:
    threading.Thread(target=follow, args=(client, kind, state, changed), daemon=True).start()
  while True:
    changed.wait()
    changed.clear()
    if len(state) < len(KINDS):
      continue
    text = names(list(state["services"].values()), list(state["endpoints"].values()))
    if HOSTS.exists() and HOSTS.read_text() == text:
      continue
    new = HOSTS.with_suffix(".new")
    new.write_text(text)
    os.replace(new, HOSTS)
    try:
      os.kill(int(HOSTS.with_name("pid").read_text()), signal.SIGHUP)
    except (OSError, ValueError):
      pass  # not up yet: it reads the file when it starts
