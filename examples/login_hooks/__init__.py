"""Voice calls for django-two-factor-auth and django-allauth, which make and check the codes themselves."""
