"""What people are told of: kept, listed, told live, and by e-mail if they have not looked."""
