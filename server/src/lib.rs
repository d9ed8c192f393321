//! The udp-echo host.
