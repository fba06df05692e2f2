use super::SyntheticCity;
#[test]
fn dump() {
    let n: usize = std::env::var("CITY_N").ok().and_then(|n| n.parse().ok()).unwrap_or(7000);
    let seed: u64 = std::env::var("CITY_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let net = SyntheticCity { nodes: n, seed, ..Default::default() }.build();
    let mut s = String::new();
    use std::fmt::Write;
    for e in net.edges() {
        write!(s, "{} {} {} ", net.class(e) as u8, net.flags(e).bits(), net.twin(e).is_some() as u8).unwrap();
        for p in net.shape(e) {
            write!(s, "{},{} ", p.lat_e7(), p.lon_e7()).unwrap();
        }
        s.push('\n');
    }
    std::fs::write("/tmp/city.txt", s).unwrap();
    let main = net.edges().filter(|&e| net.component(e) == 0).count();
    println!("nodes {} edges {} main {}", net.node_count(), net.edge_count(), main as f64 / net.edge_count() as f64);
}
