"""A browser on the hub's pages, as far as they need one: forms, a cookie, an Origin."""

import http.client
import urllib.parse


class Browser:
    def __init__(self, port):
        self.port = port
        self.cookie = None

    def request(self, method, path, form=None):
        """The answer as (status, text); keeps the cookie that it sets."""
        headers = {"Origin": f"http://127.0.0.1:{self.port}"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        body = None
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urllib.parse.urlencode(form)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            if cookie := answer.getheader("Set-Cookie"):
                self.cookie = cookie.split(";")[0]
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def sign_in(self, email, password):
        return self.request("POST", "/device/sign-in", {"email": email, "password": password})[0]

    def decide(self, code, decision):
        return self.request("POST", "/device/decide", {"code": code, "decision": decision})
