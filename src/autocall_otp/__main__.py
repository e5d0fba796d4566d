"""`python -m autocall_otp` is the command `autocall-otp`."""

from autocall_otp.cli import main

if __name__ == "__main__":
    main()
