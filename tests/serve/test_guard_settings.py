"""What `[serve]` may say of keys, addresses, hosts and origins; else it does not start."""

import socket

import pytest
from tests.serve.raw import request, say
from tests.serve.running import gateway, serving

from sprat.errors import SettingsError, UsageError
from sprat.serve.app import build_app
from sprat.serve.gateway import Gateway
from sprat.serve.guard.bind import check_bind, is_loopback
from sprat.serve.guard.hosts import check_host, hosts_of
from sprat.serve.guard.key import key_of
from sprat.serve.problem import BadRequest
from sprat.settings import ServeSettings

GOOD = "a-key-of-more-than-16-characters"
REACHABLE = ("0.0.0.0", "::", "", "192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7", "0", "127.0.0.1.")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.9.9.9", "::ffff:127.0.0.1"])
def test_the_loopback_needs_no_key(host: str):
    check_bind(ServeSettings(host=host))


@pytest.mark.parametrize("host", REACHABLE[:6])
def test_a_key_is_needed_off_the_loopback(host: str):
    with pytest.raises(UsageError, match="no key is set") as caught:
        check_bind(ServeSettings(host=host))
    assert "SPRAT_KEY" in str(caught.value)
    check_bind(ServeSettings(host=host, key=GOOD))


@pytest.mark.parametrize("host", REACHABLE[:6])
def test_a_short_key_is_not_enough_off_the_loopback(host: str):
    with pytest.raises(UsageError, match="only 15 characters"):
        check_bind(ServeSettings(host=host, key="x" * 15))


def test_a_name_is_reachable_when_any_of_its_addresses_is(monkeypatch: pytest.MonkeyPatch):
    def found(*_args: object, **_kwargs: object) -> list[tuple[object, ...]]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 0)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with pytest.raises(UsageError, match="can be reached"):
        check_bind(ServeSettings(host="both.example"))


@pytest.mark.parametrize("address", REACHABLE)
def test_what_is_no_loopback_address_counts_as_reachable(address: str):
    assert not is_loopback(address)


def test_the_address_that_was_really_bound_is_checked_again(tmp_path):
    """A name can mean another address by the time that it is bound."""
    with pytest.raises(UsageError, match="no key is set"):
        build_app(Gateway(serving(tmp_path)), ("192.0.2.7", 5273))


def test_a_key_comes_from_its_variable_first():
    settings = ServeSettings(key="other", key_env="MINE")
    assert key_of(settings, {"MINE": f"{GOOD}\n"}) == GOOD
    assert key_of(ServeSettings(), {}) is None


@pytest.mark.parametrize("environ", [{}, {"MINE": ""}, {"MINE": "  "}])
def test_a_variable_that_is_not_set_opens_nothing(environ: dict[str, str]):
    with pytest.raises(SettingsError, match="MINE"):
        key_of(ServeSettings(key_env="MINE"), environ)


@pytest.mark.parametrize("key", ["", "with a blank", "schlüssel", "line\nbreak"])
def test_a_key_that_no_client_can_send_is_refused_without_being_shown(key: str):
    with pytest.raises(SettingsError) as caught:
        key_of(ServeSettings(key=key))
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize(
    "host", ["*", "http://box", "box/", "box:x", "", "a b", "*.box", "box:1:2"]
)
def test_a_host_that_cannot_be_is_refused_at_the_start(host: str):
    with pytest.raises(SettingsError, match="is no host"):
        hosts_of(ServeSettings(hosts=(host,)), "127.0.0.1", 5273)


@pytest.mark.parametrize(
    "origin", ["*", "null", "http://box/", "box:3000", "http://*.box", "http://Box", "", "http://"]
)
def test_an_origin_that_cannot_be_is_refused_at_the_start(tmp_path, origin: str):
    with pytest.raises(SettingsError, match="is no origin"):
        build_app(Gateway(serving(tmp_path, origins=(origin,))), ("127.0.0.1", 5273))


@pytest.mark.parametrize(
    "origin", ["tauri://localhost", "chrome-extension://abcdef", "http://[::1]:8"]
)
async def test_an_app_can_be_allowed_like_a_page(tmp_path, origin: str):
    async with gateway(serving(tmp_path, origins=(origin,))) as at:
        answer = await say(at, request(path="/v1/models", headers={"Origin": origin}))
        assert answer.headers["access-control-allow-origin"] == origin


def test_a_bound_address_is_a_host_of_its_own_and_everywhere_is_none():
    own = hosts_of(ServeSettings(host="192.0.2.7"), "192.0.2.7", 5273)
    assert "192.0.2.7:5273" in own
    assert "[2001:db8::1]:5273" in hosts_of(ServeSettings(host="2001:db8::1"), "2001:db8::1", 5273)
    everywhere = hosts_of(ServeSettings(host="0.0.0.0"), "0.0.0.0", 5273)
    assert everywhere == {"127.0.0.1:5273", "localhost:5273", "[::1]:5273"}


def test_a_browser_leaves_out_port_80():
    assert "localhost" in hosts_of(ServeSettings(), "127.0.0.1", 80)
    assert "localhost" not in hosts_of(ServeSettings(), "127.0.0.1", 8080)


def test_a_refused_host_that_cannot_be_one_is_not_offered_as_a_setting():
    with pytest.raises(BadRequest) as caught:
        check_host(b'x"] evil = ["', frozenset())
    assert "--allow-host" not in str(caught.value)
