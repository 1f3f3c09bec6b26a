"""Just enough of a client of the API server for the cluster's own parts."""
import http.client
import json
import ssl

from . import layout


class Client:
  def __init__(self, keys, name):
    self.context = ssl.create_default_context(cafile=str(keys / "ca.crt"))
    self.context.load_cert_chain(str(keys / f"{name}.crt"), str(keys / f"{name}.key"))

  def connect(self, timeout):
    return http.client.HTTPSConnection("127.0.0.1", layout.API_PORT, context=self.context, timeout=timeout)

  def request(self, method, path, body=None, kind="application/json"):
    """(status, object); raises OSError or HTTPException when the server cannot be asked."""
    connection = self.connect(10)
    try:
      text = json.dumps(body) if body is not None else None
      connection.request(method, path, body=text, headers={"Content-Type": kind, "Accept": "application/json"})
      response = connection.getresponse()
      data = response.read()
      try:
        return response.status, json.loads(data)
      except ValueError:
        return response.status, data.decode(errors="replace")
    finally:
      connection.close()

  def watch(self, path, version):
    """Each event of a watch, until the server ends it."""
    connection = self.connect(330)
    try:
      connection.request("GET", f"{path}?watch=true&resourceVersion={version}&timeoutSeconds=300")
      response = connection.getresponse()
      while line := response.readline():
        yield json.loads(line)
    finally:
      connection.close()
