/// What runs in each test pod: the application (HTTP, TCP and TLS of its own, each saying who answers) and the caller,
/// which does what one line of JSON on its standard input says and answers with one line.
let agentProgram = #"""
  import http.client, http.server, json, socket, socketserver, ssl, sys, threading, time
  name, address = sys.argv[1], sys.argv[2]
  class App(http.server.BaseHTTPRequestHandler):
      protocol_version = "HTTP/1.1"
      disable_nagle_algorithm = True
      def do_GET(self):
          body = json.dumps({"name": name, "headers": {k.lower(): v for k, v in self.headers.items()}}).encode()
          self.send_response(200)
          self.send_header("content-length", str(len(body)))
          self.end_headers()
          self.wfile.write(body)
      def log_message(self, *arguments): pass
  class Web(http.server.ThreadingHTTPServer):
      daemon_threads = True
      request_queue_size = 128
      def server_bind(self): socketserver.TCPServer.server_bind(self)
  class Line(socketserver.StreamRequestHandler):
      def handle(self):
          for line in self.rfile:
              self.wfile.write((name + "\n").encode())
  class Lines(socketserver.ThreadingTCPServer):
      daemon_threads = True
      allow_reuse_address = True
  own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
  own.load_cert_chain(sys.argv[4])
  class OwnTLS(Lines):
      def get_request(self):
          connection, peer = super().get_request()
          return own.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), peer
  for port in sys.argv[3].split(","):
      threading.Thread(target=Web((address, int(port)), App).serve_forever, daemon=True).start()
  threading.Thread(target=Lines((address, 6379), Line).serve_forever, daemon=True).start()
  threading.Thread(target=OwnTLS((address, 8443), Line).serve_forever, daemon=True).start()
  anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
  anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
  kept = {}
  def get(order):
      key = order.get("keep")
      connection = kept.get(key) if key else None
      if connection is None:
          connection = http.client.HTTPConnection(order["host"], order["port"], timeout=10)
          connection.auto_open = 0
          connection.connect()
          if key: kept[key] = connection
      start = time.monotonic()
      connection.request("GET", "/", headers=order.get("headers", {}))
      reply = connection.getresponse()
      body = reply.read().decode()
      result = {"status": reply.status, "milliseconds": (time.monotonic() - start) * 1000}
      try: result.update(json.loads(body))
      except ValueError: result["text"] = body
      return result
  def tcp(order):
      key = order.get("keep")
      connection = kept.get(key) if key else None
      if connection is None:
          connection = socket.create_connection((order["host"], order["port"]), timeout=10)
          if order["op"] == "tls": connection = anyone.wrap_socket(connection)
          if key: kept[key] = connection
      connection.sendall(b"who\n")
      answer = b""
      while not answer.endswith(b"\n"):
          part = connection.recv(100)
          if not part: raise ConnectionError("closed")
          answer += part
      if not key: connection.close()
      return {"name": answer.decode().strip()}
  print("{}", flush=True)
  for line in sys.stdin:
      order = json.loads(line)
      try: result = get(order) if order["op"] == "get" else tcp(order)
      except Exception as error:
          kept.pop(order.get("keep"), None)
          result = {"error": repr(error)}
      print(json.dumps(result), flush=True)
  """#
