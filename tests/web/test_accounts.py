"""Signing in and out."""

from __future__ import annotations


def test_sign_in_leads_back_and_sign_out_home(client, ada):
    page = client.get("/accounts/login/?next=/jobdefs/").content.decode()
    assert 'name="next" value="/jobdefs/"' in page
    response = client.post("/accounts/login/", {"username": "ada", "password": "engine", "next": "/jobdefs/"})
    assert (response.status_code, response["Location"]) == (302, "/jobdefs/")
    assert "Sign out" in client.get("/jobs/").content.decode()
    response = client.post("/accounts/logout/")
    assert (response.status_code, response["Location"]) == (302, "/")
    assert "Sign in" in client.get("/jobs/").content.decode()


def test_a_wrong_password_is_told(client, ada):
    response = client.post("/accounts/login/", {"username": "ada", "password": "wrong"})
    assert response.status_code == 200
    assert "Please enter a correct username and password" in response.content.decode()


def test_other_sites_are_no_place_to_be_led_to(client, ada):
    response = client.post(
        "/accounts/login/", {"username": "ada", "password": "engine", "next": "https://evil.example/"}
    )
    assert response["Location"] == "/jobs/"
