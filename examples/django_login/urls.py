"""Three pages: the number, the code, and one for those who are logged in."""

from django.urls import path

from django_login import views

urlpatterns = [
    path("", views.home),
    path("login", views.number),
    path("login/code", views.code),
]
