"""Accounts over the two programs: signing in through a browser, teams, tokens, mail, the audit log."""

import json
import subprocess
import sys

from lib.browser import Browser
from lib.smtp_sink import SmtpSink, make_certificate
from lib.world import World, email_of, parse_arguments, refusal

PASSWORD = "correct horse battery"
NEW_PASSWORD = "another long password"
ANA = email_of("ana")


def check(condition, what):
    if not condition:
        raise AssertionError(what)


class WaitingLogin:
    """`memsync login` without a token: it has shown its code and waits."""

    def __init__(self, person, hub):
        self.process = subprocess.Popen(
            [str(person.world.memsync), "login", "--hub", hub.url, "--json"],
            env=person.env,
            cwd=person.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line == "}\n":
                break
        if not lines:
            raise AssertionError(f"login showed no code: {self.process.stderr.read()}")
        self.shown = json.loads("".join(lines))

    def finish(self):
        """Exit code, and what it printed after the code."""
        out, _ = self.process.communicate(timeout=60)
        return self.process.returncode, json.loads(out)


def sign_in_through_browser(world, hub):
    hub.command("user password", "--email", ANA, text_in=PASSWORD + "\n")
    ana = world.person("ana")
    login = WaitingLogin(ana, hub)
    check(login.shown["page"] == f"{hub.url}/device", login.shown)
    browser = Browser(hub.port)
    check(browser.sign_in(ANA, "wrong password") == 401, "a wrong password is refused")
    check(browser.sign_in(ANA, PASSWORD) == 303, "the right one is taken")
    status, page = browser.request("GET", "/device?code=" + login.shown["user_code"])
    check(status == 200 and "memsync on " in page and "127.0.0.1" in page, page)
    status, page = browser.decide(login.shown["user_code"], "allow")
    check(status == 200 and "Allowed" in page, page)
    code, result = login.finish()
    check(code == 0 and ANA in result["user"], result)
    tokens = ana.json("token", "list")["tokens"]
    check(any(row["name"].startswith("memsync on ") and "last_used_at" in row for row in tokens), tokens)

    denied = WaitingLogin(world.person("denied"), hub)
    browser.decide(denied.shown["user_code"], "deny")
    code, result = denied.finish()
    check(code == 1 and result["error"]["code"] == "permission", result)
    return ana


def change_password_and_tokens(ana, hub):
    api = hub.api()
    ana.command("password", text_in=f"{PASSWORD}\n{NEW_PASSWORD}\n")
    wrong = api.post("/api/v1/auth/login", {"email": ANA, "password": PASSWORD})
    unknown = api.post("/api/v1/auth/login", {"email": "nobody@example.org", "password": PASSWORD})
    check(wrong.status == 401 and wrong.body == unknown.body, (wrong, unknown))
    signed_in = api.post("/api/v1/auth/login", {"email": ANA, "password": NEW_PASSWORD}).json
    check(hub.api(signed_in["access_token"]).get("/api/v1/me").json["email"] == ANA, signed_in)

    made = ana.json("token", "create", "reader", "--read-only", "--expires", "1d")
    reader = hub.api(made["token"])
    check(reader.get("/api/v1/workspaces").status == 200, "it reads")
    check(reader.post("/api/v1/workspaces", {"name": "X"}).status == 403, "it changes nothing")
    ana.command("token", "revoke", made["id"])
    check(reader.get("/api/v1/me").status == 401, "it was revoked")
    for unknown in ["abc", made["id"][:-1]]:
        missing = refusal(ana.command, "token", "revoke", unknown)
        check(f"no token {unknown}" in missing and "memsync token list" in missing, missing)


def live_in_a_team(world, ana, hub, sink):
    made = ana.json("team", "create", "Rockets & Co.")
    check(made["slug"] == "rockets-co" and made["role"] == "owner", made)
    invited = ana.json("team", "invite", email_of("bob"), "--team", "rockets-co", "--expires", "3d")
    check(invited["mail"] == "queued", invited)
    recipients, message, _ = sink.next_mail()
    check(recipients == [email_of("bob")] and invited["url"] in message.get_content(), message)
    check("Rockets & Co." in message["Subject"], message["Subject"])

    bob = world.person("bob")
    bob.command("join", "--invite", invited["url"], "--name", "Bob")
    listed = ana.json("team", "invitations", "--team", "rockets-co")["invitations"]
    check([row["status"] for row in listed] == ["accepted"], listed)
    members = bob.json("team", "members")["members"]
    check([row["name"] for row in members] == ["Ana", "Bob"], members)
    check("member.invite" in refusal(bob.command, "team", "invite", email_of("kim")), "no member invites")
    ana.command("team", "role", email_of("bob"), "admin", "--team", "rockets-co")
    kim = bob.json("team", "invite", email_of("kim"), "--role", "viewer")
    sink.next_mail()
    bob.command("team", "revoke", kim["id"])
    check(hub.api().get(f"/api/v1/invitations/{kim['token']}").status == 404, "it was revoked")

    unknown = refusal(bob.command, "team", "revoke", "abc")
    check("no invitation abc" in unknown and "memsync team invitations" in unknown, unknown)

    missing = refusal(ana.command, "team", "leave", "--team", "rockets-co")
    check("one owner" in missing, missing)
    bob.command("sync")
    outside = refusal(bob.command, "team", "switch", "Rockets & Co.")
    check("git repository" in outside, outside)
    subprocess.run(["git", "init", "--quiet", bob.folder], check=True)
    switched = bob.json("team", "switch", "Rockets & Co.")
    check(switched["current"]["name"] == "Rockets & Co.", switched)
    ana.command("team", "rename", "Comets", "--team", "rockets-co")
    ana.command("team", "remove", "Bob", "--team", "Comets")
    check("in no team" in refusal(bob.command, "team", "members"), "Bob was removed")
    wrongly = refusal(ana.command, "team", "delete", "--team", "Comets", text_in="comets\n")
    check("not the name" in wrongly, wrongly)
    ana.command("team", "delete", "--team", "Comets", text_in="Comets\n")
    names = [row["name"] for row in ana.json("team", "list")["workspaces"]]
    check(names == ["Personal", "Team"], names)


def mail_from_the_command_line(world, hub):
    tls = make_certificate(world.folder)
    secret = world.folder / "mail.password"
    secret.write_text("mail secret\n")

    def invite(sink, *options):
        return hub.command(
            "invite", "--workspace", "Team", "--email", email_of("lea"), "--smtp-from", "hub@example.com",
            "--smtp-url", f"smtp://localhost:{sink.port}", *options,
        )  # fmt: skip

    with SmtpSink(tls, password=("hub", "mail secret")) as sink:
        signed_in = ("--smtp-user", "hub", "--smtp-password-file", secret)
        sent = invite(sink, "--smtp-ca-file", tls[1], *signed_in)
        check(sent["mail"] == "sent", sent)
        recipients, message, was_encrypted = sink.next_mail()
        check(was_encrypted and recipients == [email_of("lea")], (recipients, was_encrypted))
        check(sent["url"] in message.get_content(), message)
        untrusted = invite(sink, *signed_in)
        check(untrusted["mail"].startswith("failed") and untrusted["url"], untrusted)
        secret.write_text("wrong\n")
        wrong = invite(sink, "--smtp-ca-file", tls[1], *signed_in)
        check(wrong["mail"].startswith("failed") and wrong["url"], wrong)
        check(sink.mails.empty(), "nothing was sent that should not be")
    with SmtpSink() as plain:
        check(invite(plain)["mail"].startswith("failed"), "TLS is required unless said otherwise")
        check(invite(plain, "--smtp-tls", "opportunistic")["mail"] == "sent", "it may be waived")
    with SmtpSink(refusal="550 no such person") as refusing:
        refused = invite(refusing, "--smtp-tls", "none")
        check("550" in refused["mail"] and refused["token"], refused)


def delete_with_confirmation(hub):
    delete = ("workspace delete", "--workspace", "Team")
    check("--confirm is required" in refusal(hub.command, *delete), "a deletion is confirmed")
    check("exact name" in refusal(hub.command, *delete, "--confirm", "team"), "by the exact name")


def limit_what_was_asked_for(world):
    """The limits of `serve` are the ones it was given."""
    hub = world.hub("limited")
    hub.env = {"MEMSYNC_HUB_LIMITS": "sign-ins-account=2/1,sign-ins-address=1000/1000"}
    hub.start()
    answers = [
        hub.api().post("/api/v1/auth/login", {"email": "nobody@example.org", "password": PASSWORD})
        for _ in range(3)
    ]
    check([answer.status for answer in answers] == [401, 401, 429], answers)
    check(int(answers[2].headers["Retry-After"]) > 0, answers[2].headers)
    wrong = refusal(hub.command, "serve", "--listen", "127.0.0.1:0", "--limit", "nonsense=1/1")
    check("the names are" in wrong, wrong)


def read_the_audit_log(hub):
    def audit(*options):
        return hub.command("audit", *options)

    signed_in = audit("--action", "signed_in", "--email", ANA)["events"]
    check(signed_in and all(event["subject"] == ANA for event in signed_in), signed_in)
    check(audit("--action", "sign_in_failed")["events"], "the wrong passwords are there")
    check(audit("--action", "denied")["events"], "what Bob was refused is there")
    removed = audit("--action", "member_removed")["events"]
    check(removed[0]["actor"] == ANA and removed[0]["subject"] == email_of("bob"), removed)
    everything = audit("--limit", "1000")["events"]
    pages, before = [], None
    while True:
        page = audit("--limit", "7", *(("--before", before) if before else ()))
        pages += page["events"]
        before = page.get("next_before")
        if not before:
            break
    check(pages == everything, "the pages are the whole")
    check(not audit("--until", "2020-01-01")["events"], "times filter")
    check("no such action" in refusal(audit, "--action", "nonsense"), "a wrong filter is refused")


def sign_out(ana):
    ana.command("logout")
    check("no token" in refusal(ana.command, "team", "list"), "the token is forgotten")


def main():
    arguments = parse_arguments(__doc__)
    with World(arguments.memsync, arguments.memsync_hub) as world, SmtpSink() as sink:
        hub = world.hub()
        hub.env = {
            "MEMSYNC_HUB_SMTP_URL": f"smtp://127.0.0.1:{sink.port}",
            "MEMSYNC_HUB_SMTP_FROM": "hub@example.com",
            "MEMSYNC_HUB_SMTP_TLS": "none",
        }
        hub.start()
        hub.env = {}
        ana = sign_in_through_browser(world, hub)
        change_password_and_tokens(ana, hub)
        live_in_a_team(world, ana, hub, sink)
        mail_from_the_command_line(world, hub)
        delete_with_confirmation(hub)
        read_the_audit_log(hub)
        sign_out(ana)
        limit_what_was_asked_for(world)
    print("accounts: all as promised")
    return 0


if __name__ == "__main__":
    sys.exit(main())
