project = "UDP in a Sphinx site"
extensions = ["udp_echo.sphinx"]

# The one address to change: where the host is. It has to allow the origin of your site:
#     udp-echo --allow-origin https://docs.example
udp_echo_loader = "http://127.0.0.1:8000/udp-echo.js"
