//! The page for everybody: axe's rules on every view, in light and in dark.

use anyhow::Result;

use crate::axe::assert_accessible_in_both_schemes;
use crate::browser::in_chromium;
use crate::common::TestServer;
use crate::first_echo::{open_live, wait_for_fate};

#[tokio::test]
#[ignore = "needs Chromium: run cargo verify"]
async fn every_view_passes_axe_in_light_and_dark() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| -> Result<()> {
        open_live(page, &host).await?;
        assert_accessible_in_both_schemes(page, "live").await?;
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "echoed").await?;
        page.in_widget("root.querySelector('tr[data-number]').click()")
            .await?;
        page.in_widget("root.querySelector('details').open = true")
            .await?;
        assert_accessible_in_both_schemes(page, "echoed, the lab open").await?;
        page.script("document.querySelector('udp-echo').setAttribute('mode', 'simulated')")
            .await?;
        page.wait_for_state("simulated").await?;
        assert_accessible_in_both_schemes(page, "simulated").await?;
        for view in ["mini", "transcript"] {
            page.script(&format!(
                "document.querySelector('udp-echo').setAttribute('view', '{view}')"
            ))
            .await?;
            assert_accessible_in_both_schemes(page, view).await?;
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}
