"""What an AWS account shows: `python -m acceptance preflight` asks it and changes nothing, `smoke` deploys and plays."""
