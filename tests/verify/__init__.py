"""The tests of autocall_otp.verify, and the world in which its rules are shown to hold."""
